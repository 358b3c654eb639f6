// Command bootstrap is the executable of all functions but the router. The
// function's Handler setting says which of them it is.
package main

import (
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/shared/function"
)

func main() { function.Start(functions.New) }
