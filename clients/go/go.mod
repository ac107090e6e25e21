module configedge.io/go

go 1.24
