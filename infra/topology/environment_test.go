package topology

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// TestEnvironment: a function knows where all is that it may touch, and nothing else.
// That it reads just this is infra/cdk's to see, which starts every function.
func TestEnvironment(t *testing.T) {
	c := Config{Destinations: map[string]Destination{"support": {}, "shop": {}}}
	mailbox := []string{names.EnvBucket, names.EnvRetention, names.EnvTable}
	for _, x := range []struct {
		f    Function
		want []string
	}{
		{Function{Grants: []Grant{on(OnTable, "", "dynamodb:PutItem")}}, mailbox},
		{Function{Grants: []Grant{on(OnTable, "", "dynamodb:PutItem"), leave("a"), on(OnObjects, "raw/", "s3:PutObject")}},
			mailbox},
		{Function{Grants: []Grant{on(OnIndex, names.DueIndex, "dynamodb:Query")}}, []string{names.EnvTable}},
		{Function{Grants: []Grant{on(OnBucket, "raw/", "s3:ListBucket")}}, []string{names.EnvBucket}},
		{Function{Grants: []Grant{on(OnLinkKey, "", "secretsmanager:GetSecretValue")}},
			[]string{names.EnvLinkKey, names.EnvPublicURL}},
		{Function{Grants: []Grant{on(OnSecrets, "a", "secretsmanager:GetSecretValue")}},
			[]string{names.EnvPublicURL, names.EnvSecrets}},
		{Function{Speaks: true, Grants: []Grant{on(OnSecrets, "a", "x"), on(OnSecrets, "b", "x")}},
			[]string{names.EnvPublicURL, names.EnvStage}},
		{Function{Grants: []Grant{send(names.Bulk), on(OnQueue, names.Spill, "sqs:GetQueueAttributes")}},
			[]string{names.EnvBulk, names.EnvSpill}},
		{Function{Consumes: names.Bulk, Grants: []Grant{send(names.Bulk), consume(names.Bulk)}},
			[]string{names.EnvDead, names.EnvQueue}},
		{Function{Grants: []Grant{send("support"), send("shop")}}, []string{names.EnvDestinations}},
		{Function{Grants: []Grant{on(OnWidget, "", "s3:PutObject")}}, []string{names.EnvBucket}},
		{Function{Grants: []Grant{on(OnSockets, "", "x")}, Told: []Reference{SocketURL}},
			[]string{names.EnvConnections, names.EnvSocket}},
	} {
		var got []string
		for _, v := range x.f.environment(c) {
			got = append(got, v.Name)
		}
		slices.Sort(x.want)
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", x.f, diff)
		}
	}
}

// TestEverythingHasAVariable: a function that is granted a new thing, or told one, has a
// name for it.
func TestEverythingHasAVariable(t *testing.T) {
	c := Config{Destinations: map[string]Destination{"support": {}}, Default: "support"}
	s := New(c, names.Local, []channel.Channel{{Name: "plain"}, {Name: "own", Devices: true}})
	for _, f := range s.Functions {
		for _, g := range f.Grants {
			if g.On != OnQueue && g.On != OnSecrets && len(where[g.On]) == 0 {
				t.Errorf("%s is not told where %s is", f.Name, g.On)
			}
		}
		for i, v := range f.Env {
			if v.Name == "" || i > 0 && f.Env[i-1].Name == v.Name {
				t.Errorf("%s has the variable %+v", f.Name, v)
			}
		}
	}
}

// TestLocalIndexes: a table that exists takes no further local index, so that one in a
// later release could not be deployed to any stage that is there. Global ones are added,
// one at a time.
func TestLocalIndexes(t *testing.T) {
	var got []string
	for _, i := range mailbox().Local {
		got = append(got, i.Name)
	}
	if diff := cmp.Diff([]string{"pending", "history"}, got); diff != "" {
		t.Errorf("local indexes are those of the first table for ever; make the new one global (-want +got):\n%s", diff)
	}
}

// TestDevices: what a channel's customers' devices need is there for the channel that
// says so, whatever its name, where it is switched on.
func TestDevices(t *testing.T) {
	channels := []channel.Channel{{Name: "plain"}, {Name: "own", Devices: true}}
	c := Config{Destinations: map[string]Destination{"support": {}}, Default: "support"}
	for _, x := range []struct {
		on   []string
		want []string
	}{
		{nil, []string{"own"}},
		{[]string{"own"}, []string{"own"}},
		{[]string{"plain"}, nil},
	} {
		c.Channels = x.on
		s := New(c, names.Local, channels)
		if diff := cmp.Diff(x.want, s.Routes.Devices); diff != "" {
			t.Errorf("%v: devices of (-want +got):\n%s", x.on, diff)
		}
		routed := slices.ContainsFunc(s.Functions, func(f Function) bool { return f.Route == "ANY /v1/own/{proxy+}" })
		queued := slices.ContainsFunc(s.Queues, func(q Queue) bool { return q.Name == names.Sockets })
		published := s.Widget == "functions/channels/own/widget/dist"
		if want := x.want != nil; routed != want || queued != want || published != want {
			t.Errorf("%v: routed %v, queued %v, published %v, want %v", x.on, routed, queued, published, want)
		}
	}
}
