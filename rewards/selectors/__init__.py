"""What is read of the catalogue, of orders and of gift cards, for pages and for the apps above."""
