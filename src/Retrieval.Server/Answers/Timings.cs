using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Answers;

/// <summary>How the time of an answer was spent.</summary>
internal static class Timings
{
    /// <summary>Value of <c>Server-Timing</c>: each stage, and the total since the body was received.</summary>
    public static string Of(HttpContext context, TimeProvider time, IEnumerable<StageTime> stages)
    {
        var header = new StringBuilder();
        foreach (var group in stages.GroupBy(stage => stage.Stage))
        {
            Append(header, group.Key, TimeSpan.FromTicks(group.Sum(stage => stage.Duration.Ticks)));
        }

        Append(header, "total", time.GetElapsedTime(context.ReceivedAt()));
        return header.ToString();
    }

    private static void Append(StringBuilder header, string name, TimeSpan duration) =>
        header.Append(header.Length == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{name};dur={duration.TotalMilliseconds:0.###}");
}
