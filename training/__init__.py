"""Recipes that train the models, and the measurements that judge them."""
