"""The programs of a small shop: a front, catalogues in two regions, orders, payments."""
