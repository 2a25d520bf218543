using Microsoft.Extensions.Logging;
using Retrieval.Search.Snapshots;

namespace Retrieval.Server.Loading;

/// <summary>Logs which stored items searches left out because they are damaged, each once.</summary>
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

    // The slot, not the id: ids belong to callers and must not be logged.
    [LoggerMessage(EventId = 1130, Level = LogLevel.Warning, Message = "Damaged data at rest: {Kind} of slot {Slot} is left out of answers; 'retrieval index verify' finds all of it")]
    private partial void LogDamaged(string kind, long slot);

    [LoggerMessage(EventId = 1131, Level = LogLevel.Warning, Message = "More damaged items of this index are counted in retrieval_damaged_total and not logged")]
    private partial void LogNoMore();
}
