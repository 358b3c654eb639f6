package fake

import (
	"testing"

	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, Channel) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, Channel) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, Channel) }
