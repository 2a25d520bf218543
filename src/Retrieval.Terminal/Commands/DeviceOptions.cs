using System.CommandLine;
using Retrieval.Inference;

namespace Retrieval.Terminal.Commands;

/// <summary><c>--provider</c> and <c>--provider-library</c>: where a command's graphs run.</summary>
public sealed class DeviceOptions
{
    private readonly Option<ProviderChoice> _provider = new("--provider")
    {
        Description = "Where graphs run; auto is CUDA if its provider and a device are there",
        HelpName = "auto|cpu|cuda",
        CustomParser = result =>
        {
            // Enum.TryParse would also accept numbers.
            switch (result.Tokens[0].Value)
            {
                case "auto": return ProviderChoice.Auto;
                case "cpu": return ProviderChoice.Cpu;
                case "cuda": return ProviderChoice.Cuda;
                default:
                    result.AddError($"--provider is '{result.Tokens[0].Value}'; expected auto, cpu or cuda");
                    return default;
            }
        },
    };

    private readonly Option<string?> _library = new("--provider-library") { Description = "ONNX Runtime's CUDA provider; by default the one in the program's folder", HelpName = "FILE" };

    /// <summary>Both options, in the order of the help.</summary>
    public IReadOnlyList<Option> All => [_provider, _library];

    /// <summary>Adds both options to a command, after its existing ones.</summary>
    public DeviceOptions AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        return this;
    }

    /// <summary>Applies the parsed values to the given options.</summary>
    public InferenceOptions Read(ParseResult parsed, InferenceOptions options) =>
        options with { Provider = parsed.GetValue(_provider), ProviderLibrary = parsed.GetValue(_library) ?? "" };
}
