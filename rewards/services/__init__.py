"""What is done with points and gift cards: one function a business sentence."""
