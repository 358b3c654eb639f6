package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/infra/topology"
)

// one is the only resource of a type.
func one(t *testing.T, tpl template, kind string) (id string, p map[string]any) {
	t.Helper()
	count := 0
	tpl.each(t, kind, func(found string, properties map[string]any, _ resource) {
		count++
		id, p = found, properties
	})
	if count != 1 {
		t.Fatalf("%d of %s, want 1", count, kind)
	}
	return id, p
}

// TestWidgetBucket: nobody but this distribution reads the bucket, in any account,
// and nobody without TLS.
func TestWidgetBucket(t *testing.T) {
	d := dev()
	id, p := one(t, d.stateless, "AWS::S3::Bucket")
	public := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true,
		"RestrictPublicBuckets": true}
	if diff := cmp.Diff(public, p["PublicAccessBlockConfiguration"]); id != widgetBucket || diff != "" {
		t.Errorf("%s: %s", id, diff)
	}
	sse := map[string]any{"ServerSideEncryptionConfiguration": []any{map[string]any{"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}}}}
	if diff := cmp.Diff(sse, p["BucketEncryption"]); diff != "" {
		t.Errorf("encryption (-want +got):\n%s", diff)
	}
	if r := d.stateless.Resources[id]; r.DeletionPolicy != "Delete" || r.UpdateReplacePolicy != "Delete" {
		t.Errorf("a deleted stack leaves its bucket: %s/%s", r.DeletionPolicy, r.UpdateReplacePolicy)
	}
	cdn, _ := one(t, d.stateless, "AWS::CloudFront::Distribution")
	_, policy := one(t, d.stateless, "AWS::S3::BucketPolicy")
	var got []string
	for _, s := range statements(policy["PolicyDocument"]) {
		if tls(s) {
			got = append(got, "TLS "+strings.Join(d.stateless.texts(s["Resource"]), " "))
			continue
		}
		source := s["Condition"].(map[string]any)["StringEquals"].(map[string]any)["AWS:SourceArn"]
		got = append(got, fmt.Sprint(s["Effect"], " ", s["Principal"], " ", s["Action"], " ",
			d.stateless.text(s["Resource"]), " ", len(s["Condition"].(map[string]any)), " ", source))
	}
	want := []string{"TLS arn:aws:s3:::(widget) arn:aws:s3:::(widget)/*",
		"Allow map[Service:cloudfront.amazonaws.com] s3:GetObject arn:aws:s3:::(widget)/* 1 " +
			"map[Fn::Join:[ [arn: map[Ref:AWS::Partition] :cloudfront:: map[Ref:AWS::AccountId] :distribution/ map[Ref:" + cdn + "]]]]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the bucket's policy (-want +got):\n%s", diff)
	}
}

// TestWidgetCDN: it only hands out files, by https alone, compressed, everywhere, and
// keeps no list of who asks.
func TestWidgetCDN(t *testing.T) {
	d := dev()
	_, p := one(t, d.stateless, "AWS::CloudFront::Distribution")
	c := p["DistributionConfig"].(map[string]any)
	for _, absent := range []string{"Aliases", "ViewerCertificate", "Logging", "Restrictions", "WebACLId",
		"CacheBehaviors"} {
		if c[absent] != nil {
			t.Errorf("%s is %v: the reasons of the suppressed findings are not true any more", absent, c[absent])
		}
	}
	behaviour := c["DefaultCacheBehavior"].(map[string]any)
	got := []any{c["Enabled"], c["HttpVersion"], c["IPV6Enabled"], c["PriceClass"], behaviour["AllowedMethods"],
		behaviour["ViewerProtocolPolicy"], behaviour["Compress"], behaviour["CachePolicyId"]}
	want := []any{true, "http2and3", true, "PriceClass_100", []any{"GET", "HEAD"}, "redirect-to-https", true,
		"658327ea-f89d-4fab-a63d-7e88639e58f6"} // CachingOptimized: docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	access, signing := one(t, d.stateless, "AWS::CloudFront::OriginAccessControl")
	config := signing["OriginAccessControlConfig"].(map[string]any)
	if name := d.stateless.text(config["Name"]); name != "relais-dev-widget-eu-central-1" {
		t.Errorf("the access control is called %s, and another region's too", name)
	}
	if config["OriginAccessControlOriginType"] != "s3" || config["SigningBehavior"] != "always" ||
		config["SigningProtocol"] != "sigv4" {
		t.Errorf("the CDN asks the bucket by %v", config)
	}
	origins := c["Origins"].([]any)
	origin := origins[0].(map[string]any)
	if diff := cmp.Diff(map[string]any{"Fn::GetAtt": []any{access, "Id"}},
		origin["OriginAccessControlId"]); len(origins) != 1 || diff != "" {
		t.Errorf("origins %v", origins)
	}
	if diff := cmp.Diff(map[string]any{"OriginAccessIdentity": ""}, origin["S3OriginConfig"]); diff != "" {
		t.Errorf("the origin has an identity of the old kind: %s", diff)
	}
}

// TestWidgetHeaders: what the topology says of the widget's files is what they are
// served with: two headers are kept with the file, the others added by the CDN.
func TestWidgetHeaders(t *testing.T) {
	d := dev()
	_, files := one(t, d.stateless, "Custom::Widget")
	id, p := one(t, d.stateless, "AWS::CloudFront::ResponseHeadersPolicy")
	_, cdn := one(t, d.stateless, "AWS::CloudFront::Distribution")
	used := cdn["DistributionConfig"].(map[string]any)["DefaultCacheBehavior"].(map[string]any)["ResponseHeadersPolicyId"]
	if diff := cmp.Diff(map[string]any{"Ref": id}, used); diff != "" {
		t.Errorf("the CDN does not use the headers: %s", diff)
	}
	config := p["ResponseHeadersPolicyConfig"].(map[string]any)
	if name := d.stateless.text(config["Name"]); name != "relais-dev-widget-eu-central-1" {
		t.Errorf("the headers are called %s, and another region's too", name)
	}
	cors, security := config["CorsConfig"].(map[string]any), config["SecurityHeadersConfig"].(map[string]any)
	got := map[string]string{"content-type": files["ContentType"].(string),
		"cache-control":               files["CacheControl"].(string),
		"access-control-allow-origin": strings.Join(d.stateless.texts(cors["AccessControlAllowOrigins"].(map[string]any)["Items"]), ", ")}
	if diff := cmp.Diff(map[string]any{"Override": true}, security["ContentTypeOptions"]); diff == "" {
		got["x-content-type-options"] = "nosniff"
	}
	for _, h := range config["CustomHeadersConfig"].(map[string]any)["Items"].([]any) {
		h := h.(map[string]any)
		got[h["Header"].(string)] = h["Value"].(string)
	}
	if diff := cmp.Diff(topology.WidgetHeaders(), got); diff != "" {
		t.Errorf("(-topology +account):\n%s", diff)
	}
	if cors["AccessControlAllowCredentials"] != false {
		t.Error("pages load the widget with the visitor's credentials")
	}
	if diff := cmp.Diff(map[string]any{"AccessControlMaxAgeSec": 31536000.0, "Override": true},
		security["StrictTransportSecurity"]); diff != "" {
		t.Errorf("strict transport (-want +got):\n%s", diff)
	}
}

// TestPublication: the publisher brings all files, hears of other contents, and keeps
// no deployment waiting; without in-app messaging there is none of it.
func TestPublication(t *testing.T) {
	d := dev()
	_, p := one(t, d.stateless, "Custom::Widget")
	got := []any{d.stateless.text(p["ServiceToken"]), d.stateless.texts(p["Files"]),
		d.stateless.text(p["ServiceTimeout"]), len(p["Digest"].(string))}
	want := []any{"arn:aws:lambda:eu-central-1:111111111111:function:relais-dev-publisher", topology.WidgetFiles(), "100",
		64}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	url := d.stateless.text(d.stateless.named(t, "AWS::SSM::Parameter", "Name", "/relais/dev/widget-url")["Value"])
	if url != "https://d111111abcdef8.cloudfront.net/relais.js" {
		t.Errorf("the widget is at %s", url)
	}
	for id, r := range prod().stateless.Resources {
		if strings.HasPrefix(r.Type, "AWS::CloudFront::") || strings.HasPrefix(r.Type, "Custom::") ||
			r.Type == "AWS::S3::Bucket" {
			t.Errorf("%s is there without in-app messaging", id)
		}
	}
}

// TestDigest: it changes with each file.
func TestDigest(t *testing.T) {
	seen := map[string]bool{}
	for _, changed := range append(topology.WidgetFiles(), "") {
		dir := t.TempDir()
		for _, name := range topology.WidgetFiles() {
			text := "old"
			if name == changed {
				text = "new"
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		seen[digest(dir)] = true
	}
	if len(seen) != len(topology.WidgetFiles())+1 {
		t.Errorf("%d digests of %d contents", len(seen), len(topology.WidgetFiles())+1)
	}
}
