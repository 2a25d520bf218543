namespace Retrieval.Server.Loading;

/// <summary>
/// Gives memory back that a burst took. The runtime collects when something is allocated: after a burst nothing is, and what
/// the burst left stays with the process for as long as it is quiet. So this looks now and then, and collects once when it is quiet
/// and much more is held than after the last time. Under load it does nothing.
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
