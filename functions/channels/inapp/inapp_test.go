package inapp_test

import (
	"testing"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/channels/inapp/play"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, inapp.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, inapp.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, inapp.Channel, play.Platform) }
