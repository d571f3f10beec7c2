// Before the first paint: the theme and the palette that were chosen, else what the system prefers.
(function () {
  var root = document.documentElement;
  var kept = null;
  var palette = null;
  try {
    kept = localStorage.getItem("tidewire.theme");
    palette = localStorage.getItem("tidewire.palette");
  } catch {
    // storage is off: the system's choice holds
  }
  var light = matchMedia("(prefers-color-scheme: light)").matches;
  root.dataset.theme = kept === "light" || kept === "dark" ? kept : light ? "light" : "dark";
  if (palette === "distinct") root.dataset.palette = palette;
})();
