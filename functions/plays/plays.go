// Package plays is the table of contents of the stage: every platform that is played,
// one line each, in the order of functions.Channels. Local mode, the exam and tests use
// it; no Lambda function links it, which a test of functions/bootstrap sees to.
package plays

import (
	apple "github.com/relais-dev/relais/functions/channels/apple/play"
	custom "github.com/relais-dev/relais/functions/channels/custom/play"
	googlechat "github.com/relais-dev/relais/functions/channels/googlechat/play"
	inapp "github.com/relais-dev/relais/functions/channels/inapp/play"
	instagram "github.com/relais-dev/relais/functions/channels/instagram/play"
	kakaotalk "github.com/relais-dev/relais/functions/channels/kakaotalk/play"
	kik "github.com/relais-dev/relais/functions/channels/kik/play"
	line "github.com/relais-dev/relais/functions/channels/line/play"
	messenger "github.com/relais-dev/relais/functions/channels/messenger/play"
	qq "github.com/relais-dev/relais/functions/channels/qq/play"
	rcs "github.com/relais-dev/relais/functions/channels/rcs/play"
	signal "github.com/relais-dev/relais/functions/channels/signal/play"
	sms "github.com/relais-dev/relais/functions/channels/sms/play"
	telegram "github.com/relais-dev/relais/functions/channels/telegram/play"
	viber "github.com/relais-dev/relais/functions/channels/viber/play"
	wechat "github.com/relais-dev/relais/functions/channels/wechat/play"
	whatsapp "github.com/relais-dev/relais/functions/channels/whatsapp/play"
	x "github.com/relais-dev/relais/functions/channels/x/play"
	zalo "github.com/relais-dev/relais/functions/channels/zalo/play"

	"github.com/relais-dev/relais/shared/stage/play"
)

// All lists every platform.
func All() []play.Platform {
	return []play.Platform{
		apple.Platform,
		custom.Platform,
		googlechat.Platform,
		inapp.Platform,
		instagram.Platform,
		kakaotalk.Platform,
		kik.Platform,
		line.Platform,
		messenger.Platform,
		qq.Platform,
		rcs.Platform,
		signal.Platform,
		sms.Platform,
		telegram.Platform,
		viber.Platform,
		wechat.Platform,
		whatsapp.Platform,
		x.Platform,
		zalo.Platform,
	}
}

// Of is the platform of a channel; false when there is none.
func Of(name string) (play.Platform, bool) {
	for _, p := range All() {
		if p.Channel == name {
			return p, true
		}
	}
	return play.Platform{}, false
}
