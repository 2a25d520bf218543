using System.Diagnostics;

namespace Retrieval.Inference.Tests.Batching;

/// <summary>Waits, for a bounded time, for what another thread is about to do.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"in 30 s not: {what}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
