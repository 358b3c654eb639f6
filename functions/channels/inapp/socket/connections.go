package socket

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
)

// connections is API Gateway, which holds them open.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
type connections struct {
	client *apigatewaymanagementapi.Client
}

func newConnections(e function.Env) (connections, error) {
	cfg, err := e.AWS(cloud.Work)
	if err != nil {
		return connections{}, err
	}
	endpoint := e.Getenv(names.EnvConnections)
	return connections{apigatewaymanagementapi.NewFromConfig(cfg,
		func(o *apigatewaymanagementapi.Options) { o.BaseEndpoint = &endpoint })}, nil
}

// Post sends a frame.
func (c connections) Post(ctx context.Context, id string, frame []byte) error {
	_, err := c.client.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id,
		Data: frame})
	var gone *types.GoneException
	if errors.As(err, &gone) {
		return ErrGone
	}
	return err
}
