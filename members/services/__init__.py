"""What is written about members. Each function is one business sentence."""
