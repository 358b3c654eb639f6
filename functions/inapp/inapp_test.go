package inapp_test

import (
	"testing"

	"github.com/relais-dev/relais/functions/inapp"
	"github.com/relais-dev/relais/shared/channel/channeltest"
)

func Test(t *testing.T)             { channeltest.Run(t, inapp.Channel) }
func FuzzChannel(f *testing.F)      { channeltest.Fuzz(f, inapp.Channel) }
func BenchmarkChannel(b *testing.B) { channeltest.Bench(b, inapp.Channel) }
