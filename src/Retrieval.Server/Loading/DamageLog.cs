using Microsoft.Extensions.Logging;
using Retrieval.Search.Snapshots;

namespace Retrieval.Server.Loading;

/// <summary>Says in the log which stored items searches left out since they are damaged, each once.</summary>
internal sealed partial class DamageLog(ILogger<DamageLog> logger)
{
    public void Report(DamagedItem item)
    {
        LogDamaged(item.Kind, item.Slot);
        if (item.Last)
        {
            LogNoMore();
        }
    }

    // The slot, not the id: ids are the callers' and have no place in a log.
    [LoggerMessage(EventId = 1130, Level = LogLevel.Warning, Message = "Damaged data at rest: {Kind} of slot {Slot} is left out of answers; 'retrieval index verify' finds all of it")]
    private partial void LogDamaged(string kind, long slot);

    [LoggerMessage(EventId = 1131, Level = LogLevel.Warning, Message = "More damaged items of this index are counted in retrieval_damaged_total and not logged")]
    private partial void LogNoMore();
}
