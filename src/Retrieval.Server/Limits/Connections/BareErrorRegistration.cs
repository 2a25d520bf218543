using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Retrieval.Server.Limits.Connections;

/// <summary>Gives the errors that the HTTP server itself answers a body, on the connections of an address.</summary>
internal static class BareErrorRegistration
{
    public static void UseBareErrorBodies(this ListenOptions listen) => listen.Use(next => connection =>
    {
        if (connection.Features.Get<ConnectionPermit>() is { } permit)
        {
            var input = new RequestStartReader(connection.Transport.Input, permit);
            connection.Transport = new Pipes(input, new BareErrorWriter(connection.Transport.Output, permit, input));
        }

        return next(connection);
    });

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
