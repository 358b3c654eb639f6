// Command router is the router's executable. It stands apart because rules link
// CEL, which would more than double what every webhook function has to load.
package main

import (
	"github.com/relais-dev/relais/functions/workers/router"
	"github.com/relais-dev/relais/shared/function"
)

func main() { function.Start(router.New) }
