namespace Retrieval.Server.Configuration;

/// <summary>Finds what the framework's command-line parser silently ignores: words that belong to no key.</summary>
internal static class CommandLineFaults
{
    public static void Find(IReadOnlyList<string> args, List<string> faults)
    {
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                faults.Add($"'{args[i]}': unexpected; options are written --Key value or --Key=value");
            }
            else if (!args[i].Contains('=', StringComparison.Ordinal) && ++i == args.Count)
            {
                faults.Add($"{args[^1]}: expected a value after it");
            }
        }
    }
}
