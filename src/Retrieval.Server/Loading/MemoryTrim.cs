using Retrieval.Server.Background;

namespace Retrieval.Server.Loading;

/// <summary>
/// Releases memory after a burst. The runtime collects garbage when something is allocated. After a burst nothing is, so the
/// process keeps the burst's memory as long as it is idle. Therefore this checks periodically, and collects once when the process
/// is idle and holds much more than after the last collection. Under load it does nothing.
/// </summary>
internal sealed class MemoryTrim(TimeProvider time) : LoaderService
{
    private const long Least = 128L << 20;
    private const long QuietBytes = 32L << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long _allocated;
    private long _kept;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            Look();
        }
    }

    private void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var quiet = allocated - _allocated < QuietBytes;
        _allocated = allocated;
        if (quiet && GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes > _kept + (_kept / 2) + Least)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _kept = GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
        }
    }
}
