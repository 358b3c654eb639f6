package whatsapp

import (
	"testing"

	"github.com/relais-dev/relais/shared/channel/channeltest"
)

func Test(t *testing.T) { channeltest.Run(t, Channel) }

func FuzzChannel(f *testing.F) { channeltest.Fuzz(f, Channel) }

func BenchmarkChannel(b *testing.B) { channeltest.Bench(b, Channel) }
