package x

import (
	"net/url"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
)

// The example of X's own guide to signing.
// https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
func TestOAuthSignature(t *testing.T) {
	a := channel.NewAccount("demo", "", map[string]string{consumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		accessSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"})
	u, err := url.Parse("https://api.twitter.com/1.1/statuses/update.json?include_entities=true")
	if err != nil {
		t.Fatal(err)
	}
	got := oauthSignature(a, "POST", u, url.Values{
		"status": {"Hello Ladies + Gentlemen, a signed OAuth request!"}, "oauth_consumer_key": {"xvz1evFS4wEEPTGEFPHBog"},
		"oauth_nonce": {"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"}, "oauth_signature_method": {"HMAC-SHA1"},
		"oauth_timestamp": {"1318622958"},
		"oauth_token":     {"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"}, "oauth_version": {"1.0"},
	})
	if want := "hCtSmYh+iHYCEqBWrE7C7hYmtUk="; got != want {
		t.Errorf("signature is %q, want %q", got, want)
	}
}
