module l2witness.test/pause

go 1.26
