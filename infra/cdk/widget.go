package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfront"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudfrontorigins"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
)

// widgetBucket is what the template calls the widget's bucket.
const widgetBucket = "WidgetBucket"

func widgetName(stage string) string { return statelessName(stage) + "-widget" }

// cdnName is for what CloudFront keeps once per account, for all regions.
func cdnName(stage string) *string { return sub(widgetName(stage) + "-${AWS::Region}") }

// newWidget is where pages load the widget from: a bucket, the CDN before it, and the
// function that fills it. It has a stack of its own, because its address stands in the
// brands' pages and so outlives the stateless stack, which has no room for it either:
// CloudFormation takes 500 resources. All of it can be made anew but that address.
func newWidget(app awscdk.App, s topology.System, f topology.Function, assets string) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String(widgetName(s.Stage)),
		&awscdk.StackProps{Description: jsii.String("Relais " + s.Stage + ": the widget")})
	tag(stack, s.Stage)
	b := newBuilder(stack, s, stored{key: parameter(stack, s.Stage, keyParameter, "key-arn")}, assets)
	b.newWidgetBucket()
	cdn := b.newCDN()
	b.newPublication(f, b.newFunction(f))
	publish(stack, "WidgetUrl", parameterName(s.Stage, "widget-url"),
		"https://"+*cdn.DistributionDomainName()+"/"+topology.WidgetFiles()[0],
		"the chat's script, for pages; the client without an interface is client.js beside it")
	return stack
}

// newWidgetBucket takes the files. A key of our own would have to be opened to the
// CDN, for files that everybody may read.
func (b *builder) newWidgetBucket() {
	b.widget = awss3.NewBucket(b.stack, jsii.String(widgetBucket), &awss3.BucketProps{
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY,
		// whatever the stage: the files stand in the project, and the publisher empties it first
	})
	b.widget.Node().DefaultChild().(awss3.CfnBucket).OverrideLogicalId(jsii.String(widgetBucket))
	suppress(b.widget, suppression{"AwsSolutions-S1",
		"the bucket holds two files that every page may load, and only the CDN reads them",
		"infra/cdk/widget_test.go TestWidgetBucket", nil})
}

// newCDN reads the bucket in its own name, which the bucket's policy lets in.
func (b *builder) newCDN() awscloudfront.Distribution {
	access := awscloudfront.NewS3OriginAccessControl(b.stack, jsii.String("WidgetAccess"),
		&awscloudfront.S3OriginAccessControlProps{OriginAccessControlName: cdnName(b.system.Stage)})
	cdn := awscloudfront.NewDistribution(b.stack, jsii.String("WidgetCdn"), &awscloudfront.DistributionProps{
		Comment: jsii.String("Relais " + b.system.Stage + ": the widget"),
		DefaultBehavior: &awscloudfront.BehaviorOptions{
			Origin: awscloudfrontorigins.S3BucketOrigin_WithOriginAccessControl(b.widget,
				&awscloudfrontorigins.S3BucketOriginWithOACProps{OriginAccessControl: access}),
			AllowedMethods:       awscloudfront.AllowedMethods_ALLOW_GET_HEAD(),
			ViewerProtocolPolicy: awscloudfront.ViewerProtocolPolicy_REDIRECT_TO_HTTPS,
			// By the file's own cache-control; gzip and Brotli are kept apart.
			CachePolicy:           awscloudfront.CachePolicy_CACHING_OPTIMIZED(),
			Compress:              jsii.Bool(true),
			ResponseHeadersPolicy: b.newWidgetHeaders(),
		},
		HttpVersion: awscloudfront.HttpVersion_HTTP2_AND_3,
		EnableIpv6:  jsii.Bool(true),
		PriceClass:  awscloudfront.PriceClass_PRICE_CLASS_100, // Europe and North America; others are served from there
	})
	suppress(cdn,
		suppression{"AwsSolutions-CFR1", "the widget is for the brands' customers, wherever they are",
			"infra/cdk/widget_test.go TestWidgetCDN", nil},
		suppression{"AwsSolutions-CFR2",
			"two files from a cache, by GET and HEAD, are nothing that a firewall could protect",
			"infra/cdk/widget_test.go TestWidgetCDN", nil},
		suppression{"AwsSolutions-CFR3",
			"who loads a script that all may load is not ours to keep: it would be a list of the visitors of the brands' pages",
			"infra/cdk/widget_test.go TestWidgetCDN", nil},
		suppression{"AwsSolutions-CFR4",
			"with CloudFront's own certificate no lowest version of TLS can be set; browsers that can run the widget speak 1.2 and 1.3",
			"infra/cdk/widget_test.go TestWidgetCDN", nil})
	return cdn
}

// year is how long browsers remember that there is no http.
const year = 365 * 24 * time.Hour

// newWidgetHeaders adds what the bucket does not keep with a file. CloudFront wants
// headers that it knows the meaning of in their own places.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
func (b *builder) newWidgetHeaders() awscloudfront.ResponseHeadersPolicy {
	const policy = "cross-origin-resource-policy"
	headers := topology.WidgetHeaders()
	return awscloudfront.NewResponseHeadersPolicy(b.stack, jsii.String("WidgetHeaders"),
		&awscloudfront.ResponseHeadersPolicyProps{
			ResponseHeadersPolicyName: cdnName(b.system.Stage),
			CorsBehavior: &awscloudfront.ResponseHeadersCorsBehavior{AccessControlAllowOrigins: jsii.Strings(headers["access-control-allow-origin"]),
				AccessControlAllowMethods: jsii.Strings("GET", "HEAD"), AccessControlAllowHeaders: jsii.Strings("*"),
				AccessControlAllowCredentials: jsii.Bool(false), OriginOverride: jsii.Bool(true)},
			SecurityHeadersBehavior: &awscloudfront.ResponseSecurityHeadersBehavior{
				ContentTypeOptions: &awscloudfront.ResponseHeadersContentTypeOptions{Override: jsii.Bool(true)},
				StrictTransportSecurity: &awscloudfront.ResponseHeadersStrictTransportSecurity{AccessControlMaxAge: duration(year),
					Override: jsii.Bool(true)}},
			CustomHeadersBehavior: &awscloudfront.ResponseCustomHeadersBehavior{CustomHeaders: &[]*awscloudfront.ResponseCustomHeader{
				{Header: jsii.String(policy), Value: jsii.String(headers[policy]), Override: jsii.Bool(true)}}},
		})
}

// publishTimeout is how long a deployment waits for the publisher: for its 30 seconds,
// and for Lambda to try again a minute later. CloudFormation's default is an hour.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const publishTimeout = 100 * time.Second

// newPublication has the publisher bring the files when they have changed, and take
// them away before the bucket is deleted.
func (b *builder) newPublication(f topology.Function, fn awslambda.Function) {
	headers := topology.WidgetHeaders()
	awscdk.NewCustomResource(b.stack, jsii.String("Widget"), &awscdk.CustomResourceProps{
		ServiceToken: fn.FunctionArn(), ServiceTimeout: duration(publishTimeout),
		ResourceType: jsii.String("Custom::Widget"),
		Properties: &map[string]any{"Files": topology.WidgetFiles(), "Digest": digest(assetOf(b.assets, f.Program)),
			"ContentType": headers["content-type"], "CacheControl": headers["cache-control"]},
	})
}

// digest tells one content of the files from another.
func digest(asset string) string {
	sum := sha256.New()
	for _, name := range topology.WidgetFiles() {
		text, err := os.ReadFile(filepath.Join(asset, name))
		if err != nil {
			panic(fmt.Sprintf("the asset lacks the widget: %v", err)) // which buildAssets has put there
		}
		one := sha256.Sum256(text)
		sum.Write(one[:])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
