package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
)

const (
	socketAPI   = "SocketApi" // what the template calls the WebSocket API
	socketStage = "chat"      // its only stage, a part of the address
)

// Throttles of the WebSocket API, in messages and connections per second: what its
// function serves, 15 at a time in 50 ms each, and some that wait.
const (
	socketRate  = 300
	socketBurst = 600
)

// newSockets is the WebSocket API, where a function takes what comes on it. It
// stands before the functions, whose variables name it.
func (b *builder) newSockets() {
	if !slices.ContainsFunc(b.system.Functions, func(f topology.Function) bool { return f.Socket }) {
		return
	}
	b.sockets = awsapigatewayv2.NewCfnApi(b.stack, jsii.String(socketAPI), &awsapigatewayv2.CfnApiProps{
		Name: jsii.String(statelessName(b.system.Stage) + "-sockets"), ProtocolType: jsii.String("WEBSOCKET"),
		RouteSelectionExpression: jsii.String("$request.body.action"),
		Description:              jsii.String("Relais " + b.system.Stage + ": in-app messaging"),
	})
	publish(b.stack, "SocketUrl", parameterName(b.system.Stage, "socket-url"), *b.socketURL("wss"),
		"where clients of in-app messaging connect, with a ticket")
}

// socketURL is the WebSocket API: by wss for clients, by https for what posts to
// their connections.
func (b *builder) socketURL(scheme string) *string {
	return awscdk.Fn_Sub(jsii.String(scheme+"://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"+socketStage),
		&map[string]*string{"Api": b.sockets.Ref()})
}

// newSocketRoutes hands connections, messages and their end to fn. What it answers
// to a message is sent back on the connection.
func (b *builder) newSocketRoutes(f topology.Function, fn awslambda.Function) {
	integration := awsapigatewayv2.NewCfnIntegration(b.stack, jsii.String("Integration-"+f.Name),
		&awsapigatewayv2.CfnIntegrationProps{
			ApiId: b.sockets.Ref(), IntegrationType: jsii.String("AWS_PROXY"),
			TimeoutInMillis: jsii.Number(f.Integration().Milliseconds()),
			IntegrationUri: awscdk.Fn_Sub(jsii.String("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations"),
				&map[string]*string{"Function": fn.FunctionArn()})})
	stage := awsapigatewayv2.NewCfnStage(b.stack, jsii.String("SocketStage"), &awsapigatewayv2.CfnStageProps{
		ApiId: b.sockets.Ref(), StageName: jsii.String(socketStage), AutoDeploy: jsii.Bool(true),
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{DetailedMetricsEnabled: jsii.Bool(false),
			DataTraceEnabled:    jsii.Bool(false),
			ThrottlingRateLimit: jsii.Number(socketRate), ThrottlingBurstLimit: jsii.Number(socketBurst)}})
	suppress(stage, suppression{"AwsSolutions-APIG1",
		"access logs of WebSocket APIs need a role for API Gateway that is set for the whole account, which is not ours to set; the function logs what it refuses",
		"infra/cdk/ws_test.go TestSockets", nil})
	for id, key := range map[string]string{"connect": "$connect", "disconnect": "$disconnect", "default": "$default"} {
		props := &awsapigatewayv2.CfnRouteProps{ApiId: b.sockets.Ref(), RouteKey: jsii.String(key),
			AuthorizationType: jsii.String("NONE"),
			Target:            awscdk.Fn_Join(jsii.String("/"), &[]*string{jsii.String("integrations"), integration.Ref()})}
		if id == "default" {
			props.RouteResponseSelectionExpression = jsii.String("$default")
		}
		route := awsapigatewayv2.NewCfnRoute(b.stack, jsii.String("SocketRoute-"+id), props)
		suppress(route, suppression{"AwsSolutions-APIG4",
			"browsers can show no header when they connect; the function takes a ticket that is good once, for half a minute, and knows each connection by it",
			"infra/local/system/inapp_test.go TestInAppTickets", nil})
		if id == "default" {
			awsapigatewayv2.NewCfnRouteResponse(b.stack, jsii.String("SocketResponse"), &awsapigatewayv2.CfnRouteResponseProps{
				ApiId: b.sockets.Ref(), RouteId: route.Ref(), RouteResponseKey: jsii.String("$default")})
		}
		stage.AddResourceDependency(route, jsii.String("a stage without routes cannot be deployed"))
	}
	permit(b.stack, "SocketRoute-permission", fn, "apigateway.amazonaws.com", awscdk.Fn_Sub(
		jsii.String("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/"+socketStage+"/*"),
		&map[string]*string{"Api": b.sockets.Ref()}))
}
