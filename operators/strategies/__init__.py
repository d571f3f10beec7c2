"""Strategies: each turns bars or sentiment into votes; weights are not their business."""
