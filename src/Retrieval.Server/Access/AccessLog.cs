using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Access;

/// <summary>Says at the start who may ask.</summary>
internal sealed partial class AccessLog(ILogger<AccessLog> logger)
{
    public void Started(ServerOptions options)
    {
        if (options.Jwt.IsSet)
        {
            LogTokens(options.Jwt.Issuer, options.Jwt.Audience);
        }

        if (options.Access.WithoutKeys.Length > 0)
        {
            LogOpen();
        }
        else if (!options.AsksForKeys)
        {
            LogLoopback();
        }
    }

    [LoggerMessage(EventId = 1504, Level = LogLevel.Information, Message = "Tokens of {Issuer} for {Audience} are taken")]
    private partial void LogTokens(string issuer, string audience);

    [LoggerMessage(EventId = 1505, Level = LogLevel.Warning, Message = "No key is asked for: whoever reaches this server may read and write (Access:WithoutKeys)")]
    private partial void LogOpen();

    [LoggerMessage(EventId = 1506, Level = LogLevel.Information, Message = "No key is asked for: who is on this machine may read and write")]
    private partial void LogLoopback();
}
