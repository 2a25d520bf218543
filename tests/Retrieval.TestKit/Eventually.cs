using System.Diagnostics;

namespace Retrieval.TestKit;

/// <summary>Waits, for a bounded time, for what another thread or process brings about.</summary>
public static class Eventually
{
    // Only a test that fails waits so long, and a machine that runs several suites at once is slow now and then.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    // Soon at first: most of it is a matter of a few instructions on another thread.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="what">What is waited for, for the message of a test that fails.</param>
    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var began = Stopwatch.GetTimestamp();
        for (var pause = ShortestPause; !await condition(); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Longest, $"waited {Longest.TotalMinutes} minutes in vain: {what}");
            await Task.Delay(pause, TestContext.Current.CancellationToken);
        }
    }
}
