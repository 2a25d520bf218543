using System.Diagnostics;

namespace Retrieval.Bench.Tests;

/// <summary>Waiting for what other threads bring about.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Longest, $"waited in vain: {what}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
