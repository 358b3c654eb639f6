package fit

import (
	"testing"

	"github.com/relais-dev/relais/events"
)

func BenchmarkMessage(b *testing.B) {
	all := outbounds(b)
	for _, s := range shapes() {
		for _, name := range []string{"text", "text.long", "choice.14", "cards.12"} {
			b.Run(s.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				var p Plan
				for b.Loop() {
					p = Message("here", all[name].Content, s.limits)
				}
				if p.Report[0].As == events.AsRefused {
					b.Error("refused")
				}
			})
		}
	}
}
