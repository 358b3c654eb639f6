package system

import "github.com/relais-dev/relais/shared/function"

// Swap lets h stand in for a function.
func (s *System) Swap(name string, h function.Handler) { s.functions[name] = h }
