using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Access.Keys;

/// <summary>Keeps the keys as their file has them. A list that becomes empty is no fault: all keys are revoked.</summary>
internal sealed partial class KeyFileMonitor(AccessOptions options, KeyRing ring, TimeProvider time, ILogger<KeyFileMonitor> logger)
    : FollowedFile("Access:KeyFile", "The file of keys", time, logger)
{
    protected override byte[] Read() => KeyFile.ReadBytes(options.KeyFile);

    protected override void Take(byte[] content)
    {
        ring.Replace(KeyFile.Parse(content, options.KeyFile));
        if (ring.Count > 0)
        {
            LogKeys(ring.Count, ring.Expired);
        }
        else
        {
            LogNoKey();
        }
    }

    protected override void CheckAtStart()
    {
        if (ring.Count == 0)
        {
            throw new InvalidInputException("holds no key, so that nobody could ask this server anything; expected one or more, see 'retrieval keys new'", options.KeyFile);
        }
    }

    [LoggerMessage(EventId = 1507, Level = LogLevel.Information, Message = "Keys that are known: {Count}, {Expired} of them expired")]
    private partial void LogKeys(int count, int expired);

    [LoggerMessage(EventId = 1508, Level = LogLevel.Warning, Message = "The file of keys holds none: nobody is let in with a key")]
    private partial void LogNoKey();
}
