package telegram_test

import (
	"testing"

	"github.com/relais-dev/relais/functions/channels/telegram"
	"github.com/relais-dev/relais/functions/channels/telegram/play"
	"github.com/relais-dev/relais/shared/stage/exam"
)

func Test(t *testing.T)             { exam.Run(t, telegram.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, telegram.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, telegram.Channel, play.Platform) }
