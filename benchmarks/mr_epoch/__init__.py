"""An epoch of training on Rotten Tomatoes' sentences, by several recipes; `__main__` says more."""
