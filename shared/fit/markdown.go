package fit

func markdown(s string) prose { return plain(s) }
