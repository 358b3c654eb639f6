package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/client"
)

// A signed transport proves to IAM who calls. Each attempt is signed anew: a signature is
// good for minutes. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
type signed struct {
	credentials aws.CredentialsProvider // aws.Config's Credentials
	region      string
}

func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context()) // a transport leaves its request as it is
	r.Body = io.NopCloser(bytes.NewReader(body))
	who, err := s.credentials.Retrieve(r.Context())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(r.Context(), who, r, hex.EncodeToString(sum[:]), "execute-api", s.region,
		time.Now()); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A deployment without an OpenID provider knows callers by IAM: their requests are signed
// by a transport, here with the AWS SDK.
func ExampleNew_iam() {
	var cfg aws.Config // config.LoadDefaultConfig(ctx)
	c, err := client.New(client.Options{URL: "https://abc.execute-api.eu-central-1.amazonaws.com",
		Transport: signed{cfg.Credentials, "eu-central-1"}})
	fmt.Println(c != nil, err)
	// Output: true <nil>
}

// An agent takes the customer who has waited longest, and answers unless a colleague has.
func ExampleClient_Next() {
	answer := func(ctx context.Context, c *client.Client) error {
		out, err := c.Next(ctx, "support", events.Claim{Assignee: "ada", Limit: 5})
		if err != nil || out.Conversation == nil {
			return err
		}
		_, err = c.SendToConversation(ctx, out.Conversation.Conversation.ID, events.Outbound{From: "support",
			IfSequence: out.Conversation.Sequence, Content: []events.Content{events.NewText("Hello, I am Ada.")}})
		var e *client.Error
		if errors.As(err, &e) && e.Kind == client.Conflict {
			return nil // somebody was faster
		}
		return err
	}
	_ = answer
}
