package fit

import "github.com/relais-dev/relais/events"

// pack puts consecutive contents into calls of up to batch and reports part by part.
func pack(content []events.Content, outcomes []outcome, batch int) Plan {
	var p Plan
	last := lastNumbered(outcomes)
	for i, o := range outcomes {
		if len(o.numbered) > 0 && i < last {
			o.details = append(o.details, "its numbers are not understood: a later part has numbers too")
		}
		p.Report = append(p.Report, events.Rendering{
			Part: i, Kind: content[i].Kind, As: o.as, Loss: o.loss, Calls: p.add(o.content, batch), Details: o.details,
		})
	}
	if last >= 0 {
		p.Numbered = outcomes[last].numbered
	}
	return p
}

// lastNumbered is the index of the last part with numbers, or -1.
func lastNumbered(outcomes []outcome) int {
	for i := len(outcomes) - 1; i >= 0; i-- {
		if len(outcomes[i].numbered) > 0 {
			return i
		}
	}
	return -1
}

// add puts content into p's calls and returns their numbers.
func (p *Plan) add(content []events.Content, batch int) []int {
	calls := []int{}
	for _, c := range content {
		n := len(p.Calls)
		if n == 0 || len(p.Calls[n-1].Content) >= batch {
			p.Calls = append(p.Calls, Call{})
			n++
		}
		p.Calls[n-1].Content = append(p.Calls[n-1].Content, c)
		if k := len(calls); k == 0 || calls[k-1] != n {
			calls = append(calls, n)
		}
	}
	return calls
}
