// Command webhooks is the executable of all channels' webhooks: what platforms wait
// for loads nothing that calls out. The function's Handler setting says which it is.
package main

import (
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/shared/function"
)

func main() { function.Start(functions.New) }
