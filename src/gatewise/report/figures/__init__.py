"""The figures of the report as inline SVG whose text stays at its size while the drawing follows the page's width."""
