package fake

import (
	"testing"

	"github.com/relais-dev/relais/shared/stage/exam"
	"github.com/relais-dev/relais/shared/stage/exam/fake/play"
)

func Test(t *testing.T)             { exam.Run(t, Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, Channel, play.Platform) }
