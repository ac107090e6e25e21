module configedge.io/go

go 1.19
