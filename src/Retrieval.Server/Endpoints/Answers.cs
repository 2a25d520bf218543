using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Retrieval.Search.Telemetry;
using Retrieval.Server.Contracts;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Endpoints;

/// <summary>An answer with its timings.</summary>
internal static class Answers
{
    /// <summary>A 200 with <c>Server-Timing</c>: each stage, and the total since the body had come.</summary>
    public static JsonHttpResult<T> Of<T>(HttpContext context, TimeProvider time, T body, IEnumerable<StageTime> stages)
    {
        var header = new StringBuilder();
        foreach (var group in stages.GroupBy(stage => stage.Stage))
        {
            Append(header, group.Key, TimeSpan.FromTicks(group.Sum(stage => stage.Duration.Ticks)));
        }

        Append(header, "total", time.GetElapsedTime(context.ReceivedAt()));
        context.Response.Headers["Server-Timing"] = header.ToString();
        return TypedResults.Json(body, WireJson.Options);
    }

    private static void Append(StringBuilder header, string name, TimeSpan duration) =>
        header.Append(header.Length == 0 ? "" : ", ").Append(CultureInfo.InvariantCulture, $"{name};dur={duration.TotalMilliseconds:0.###}");
}
