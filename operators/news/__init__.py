"""News: ticker extraction, text features, the instant model, scores and sentiment windows."""
