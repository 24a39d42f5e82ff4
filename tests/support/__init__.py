"""What whole-program tests and the bench share: an application on a rehearsal cluster, operated through the real command line."""
