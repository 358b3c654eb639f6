package main

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
)

// Throttles of one channel's route, in requests per second. A function that takes
// 20 ms with 35 at a time serves 1750; one busy account of WhatsApp posts about
// 4000 in its worst second, and what is refused with 429 is sent again. So one
// channel, or whoever floods it, leaves most of the account's 10,000 to the others.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const (
	routeRate  = 1750
	routeBurst = 1750
)

// A gateway is the HTTP API while it is built.
type gateway struct {
	api        awsapigatewayv2.CfnApi
	authorizer awsapigatewayv2.CfnAuthorizer // nil where IAM decides
	routes     []awsapigatewayv2.CfnRoute
	limits     map[string]any
	sockets    awsapigatewayv2.CfnApi // nil without WebSockets
}

func (b *builder) newAPI() {
	b.api = awsapigatewayv2.NewCfnApi(b.stack, jsii.String("Api"), &awsapigatewayv2.CfnApiProps{
		Name: jsii.String(statelessName(b.system.Stage)), ProtocolType: jsii.String("HTTP"),
		Description: jsii.String("Relais " + b.system.Stage + ": webhooks and the API for integrators"),
	})
	b.limits = map[string]any{}
	b.newAuthorizer()
	publish(b.stack, "ApiUrl", parameterName(b.system.Stage, "api-url"), *b.origin(),
		"where channels post to, and integrators ask below /v1")
	publish(b.stack, "ApiId", parameterName(b.system.Stage, "api-id"), *b.api.Ref(), "what CloudWatch knows the API by")
	publish(b.stack, "ApiArn", parameterName(b.system.Stage, "api-arn"), *b.arn("/*/*/v1/*"),
		"what roles of integrators may execute-api:Invoke, unless they have tokens")
}

// arn of what follows a stage in the API's own.
func (b *builder) arn(path string) *string {
	return awscdk.Fn_Sub(jsii.String("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"+path),
		&map[string]*string{"Api": b.api.Ref()})
}

// origin is how channels reach the API: the operator's domain, or the API's own.
// Channels that sign the URL verify against it.
func (b *builder) origin() *string {
	if u := b.system.Config.PublicURL; u != "" {
		return jsii.String(u)
	}
	return awscdk.Fn_Sub(jsii.String("https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
		&map[string]*string{"Api": b.api.Ref()})
}

// newRoute hands a channel's webhooks to its function, as payload 2.0.
func (b *builder) newRoute(f topology.Function, fn awslambda.Function) {
	integration := awsapigatewayv2.NewCfnIntegration(b.stack, jsii.String("Integration-"+f.Name),
		&awsapigatewayv2.CfnIntegrationProps{
			ApiId: b.api.Ref(), IntegrationType: jsii.String("AWS_PROXY"), IntegrationUri: fn.FunctionArn(),
			IntegrationMethod: jsii.String("POST"), PayloadFormatVersion: jsii.String("2.0"),
			TimeoutInMillis: jsii.Number(f.Integration().Milliseconds())})
	props := &awsapigatewayv2.CfnRouteProps{
		ApiId: b.api.Ref(), RouteKey: jsii.String(f.Route), AuthorizationType: jsii.String("NONE"),
		Target: awscdk.Fn_Join(jsii.String("/"), &[]*string{jsii.String("integrations"), integration.Ref()})}
	if f.Auth {
		b.authorise(props)
	}
	route := awsapigatewayv2.NewCfnRoute(b.stack, jsii.String("Route-"+f.Name), props)
	switch {
	case f.Channel != "":
		suppress(route, suppression{"AwsSolutions-APIG4",
			"platforms cannot authenticate with AWS; the function verifies each request's signature or secret before anything else and refuses when it has no secret",
			"shared/stage/exam/verify.go forgedRefused", nil})
	case f.Name == "chat":
		suppress(route, suppression{"AwsSolutions-APIG4",
			"visitors of a web page are nobody yet: they load a script and begin a session, whose token the function checks from then on",
			"infra/local/system/inapp_test.go TestInAppTokens", nil})
	case !f.Auth:
		suppress(route, suppression{"AwsSolutions-APIG4",
			"customers' devices and platforms load files by links that the function checks: each is signed for one file and ends",
			"functions/http/files/files_test.go TestLinks", nil})
	}
	b.routes = append(b.routes, route)
	b.limits[f.Route] = map[string]any{"ThrottlingRateLimit": routeRate, "ThrottlingBurstLimit": routeBurst}
	permit(b.stack, "Route-"+f.Name+"-permission", fn, "apigateway.amazonaws.com", b.arn("/*/*"+pathOf(f)))
	if f.Channel == "" {
		return
	}
	webhook := awscdk.Fn_Join(jsii.String(""), &[]*string{b.origin(), jsii.String("/webhooks/" + f.Channel + "/")})
	publish(b.stack, "WebhookUrl-"+f.Channel, parameterName(b.system.Stage, "webhooks/"+f.Channel), *webhook,
		"append the account's id")
}

// newStage deploys routes as they change. Access logs have no query string: it
// holds signatures, and WhatsApp's verification token. They have no addresses either: a
// stage has one format, and visitors of in-app messaging and of files are persons.
func (b *builder) newStage() {
	logs := b.newLogGroup("AccessLog", accessLog(b.system.Stage))
	format, _ := json.Marshal(map[string]string{ // a map of texts
		"requestId": "$context.requestId", "time": "$context.requestTimeEpoch",
		"method": "$context.httpMethod", "route": "$context.routeKey", "path": "$context.path", "status": "$context.status",
		"latency": "$context.responseLatency", "length": "$context.responseLength",
		"error": "$context.integrationErrorMessage"})
	stage := awsapigatewayv2.NewCfnStage(b.stack, jsii.String("Stage"), &awsapigatewayv2.CfnStageProps{
		ApiId: b.api.Ref(), StageName: jsii.String("$default"), AutoDeploy: jsii.Bool(true),
		AccessLogSettings: &awsapigatewayv2.CfnStage_AccessLogSettingsProperty{DestinationArn: logs.LogGroupArn(),
			Format: jsii.String(string(format))},
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{DetailedMetricsEnabled: jsii.Bool(false),
			ThrottlingRateLimit: jsii.Number(routeRate), ThrottlingBurstLimit: jsii.Number(routeBurst)},
		RouteSettings: b.limits})
	for _, r := range b.routes {
		stage.AddResourceDependency(r, jsii.String("settings name routes, which must exist"))
	}
}

// newAuthorizer knows tokens of the configured issuer.
func (b *builder) newAuthorizer() {
	jwt := b.system.Config.API
	if jwt.Issuer == "" {
		return
	}
	b.authorizer = awsapigatewayv2.NewCfnAuthorizer(b.stack, jsii.String("Authorizer"),
		&awsapigatewayv2.CfnAuthorizerProps{
			ApiId: b.api.Ref(), AuthorizerType: jsii.String("JWT"), Name: jsii.String("jwt"),
			IdentitySource: jsii.Strings("$request.header.Authorization"),
			JwtConfiguration: &awsapigatewayv2.CfnAuthorizer_JWTConfigurationProperty{Issuer: jsii.String(jwt.Issuer),
				Audience: jsii.Strings(jwt.Audience...)}})
}

// authorise lets in roles that may invoke the API, or those who have a token.
func (b *builder) authorise(p *awsapigatewayv2.CfnRouteProps) {
	if b.authorizer == nil {
		p.AuthorizationType = jsii.String("AWS_IAM")
		return
	}
	p.AuthorizationType, p.AuthorizerId = jsii.String("JWT"), b.authorizer.Ref()
}

// pathOf a route, as a permission names it: "/webhooks/line/{account}"; all that
// follows a greedy parameter.
func pathOf(f topology.Function) string {
	_, path, _ := strings.Cut(f.Route, " ")
	if before, greedy := strings.CutSuffix(path, "{proxy+}"); greedy {
		return before + "*"
	}
	return path
}
