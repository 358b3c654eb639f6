// Command work is the executable of all functions that call out or serve pages. The
// function's Handler setting says which of them it is.
package main

import (
	"github.com/relais-dev/relais/functions/work"
	"github.com/relais-dev/relais/shared/function"
)

func main() { function.Start(work.New) }
