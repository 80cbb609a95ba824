"""Draws the sample cards of a working day, so that nobody needs real footage to try the product."""
