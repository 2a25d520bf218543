using System.Diagnostics;
using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace Benchmarks.Tests;

/// <summary>Benchmarks are run by hand and rarely: here each runs once, so that none rots. Nothing is measured.</summary>
public sealed class EveryBenchmarkRunsTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public static TheoryData<string, string> Methods => [.. Classes.SelectMany(type => BenchmarksOf(type).Select(method => (type.Name, method.Name)))];

    private static IEnumerable<Type> Classes => typeof(CaptionBenchmarks).Assembly.GetTypes().Where(type => BenchmarksOf(type).Any());

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task It_runs_once_with_the_first_of_its_parameters(string type, string method)
    {
        var benchmark = Activator.CreateInstance(Classes.Single(each => each.Name == type))!;
        foreach (var property in benchmark.GetType().GetProperties())
        {
            if (property.GetCustomAttribute<ParamsAttribute>() is { } parameters)
            {
                property.SetValue(benchmark, parameters.Values[0]);
            }
        }

        Marked<GlobalSetupAttribute>(benchmark)?.Invoke(benchmark, []);
        try
        {
            if (BenchmarksOf(benchmark.GetType()).Single(each => each.Name == method).Invoke(benchmark, []) is Task running)
            {
                await running;
            }
        }
        finally
        {
            Marked<GlobalCleanupAttribute>(benchmark)?.Invoke(benchmark, []);
        }
    }

    [Fact]
    public async Task The_program_runs_them_as_one_would_by_hand()
    {
        var folder = Directory.CreateTempSubdirectory("retrieval-benchmarks-");
        try
        {
            var start = new ProcessStartInfo("dotnet")
            {
                ArgumentList = { typeof(CaptionBenchmarks).Assembly.Location, "--job", "dry", "--filter", "*HalvesBenchmarks*" },
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(Longest);
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);

            Assert.True(process.ExitCode == 0, await output + await errors);
            Assert.Contains("FirstBeyond", await output, StringComparison.Ordinal);
            Assert.NotEmpty(folder.GetFiles("*.md", SearchOption.AllDirectories));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<MethodInfo> BenchmarksOf(Type type) => type.GetMethods().Where(method => method.GetCustomAttribute<BenchmarkAttribute>() is not null);

    private static MethodInfo? Marked<T>(object benchmark)
        where T : Attribute => benchmark.GetType().GetMethods().SingleOrDefault(method => method.GetCustomAttribute<T>() is not null);
}
