package telegram_test

import (
	"testing"

	"github.com/relais-dev/relais/functions/telegram"
	"github.com/relais-dev/relais/shared/channel/channeltest"
)

func Test(t *testing.T)             { channeltest.Run(t, telegram.Channel) }
func FuzzChannel(f *testing.F)      { channeltest.Fuzz(f, telegram.Channel) }
func BenchmarkChannel(b *testing.B) { channeltest.Bench(b, telegram.Channel) }
