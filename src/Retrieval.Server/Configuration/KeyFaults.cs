using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Retrieval.Server.Configuration;

/// <summary>
/// Compares the keys of a configuration with the properties of the options: finds keys that set nothing, and values of the
/// wrong shape or kind. The framework's binder ignores the former two and throws at the first of the last.
/// </summary>
internal static class KeyFaults
{
    public static void Find(IConfiguration configuration, Type options, List<string> faults, params ReadOnlySpan<string> ignored)
    {
        foreach (var section in configuration.GetChildren())
        {
            if (ignored.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (PropertyOf(options, section.Key) is not { } property)
            {
                faults.Add($"{section.Path}: there is no such key; known here are {string.Join(", ", PropertiesOf(options).Select(known => known.Name))}");
            }
            else if (KeyShapes.Fault(section, property.PropertyType) is { } shape)
            {
                faults.Add(shape);
            }
            else if (IsSection(property.PropertyType))
            {
                Find(section, property.PropertyType, faults);
            }
            else if (ElementOf(property.PropertyType) is { } element)
            {
                faults.AddRange(section.GetChildren().Select(child => LeafFault(child, element)).OfType<string>());
            }
            else if (IsLeaf(property.PropertyType) && !IsEmpty(section, property.PropertyType) && LeafFault(section, property.PropertyType) is { } fault)
            {
                faults.Add(fault);
            }
        }
    }

    /// <summary>The configuration without the keys that <see cref="Find"/> reports.</summary>
    public static IConfiguration Sound(IConfiguration configuration, Type options)
    {
        var values = new Dictionary<string, string?>();
        Collect(configuration, options, values);
        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    internal static IEnumerable<PropertyInfo> PropertiesOf(Type options) =>
        options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    internal static bool IsSection(Type type) => type.IsClass && type.Namespace!.StartsWith("Retrieval.", StringComparison.Ordinal);

    internal static bool IsLeaf(Type type) => type == typeof(string) || type.IsPrimitive || type.IsEnum || Nullable.GetUnderlyingType(type) is not null;

    internal static bool IsList(Type type) => type == typeof(IReadOnlyList<string>);

    private static void Collect(IConfiguration configuration, Type options, Dictionary<string, string?> values)
    {
        foreach (var section in configuration.GetChildren())
        {
            switch (PropertyOf(options, section.Key))
            {
                case { } property when IsSection(property.PropertyType):
                    Collect(section, property.PropertyType, values);
                    break;
                case { } property when IsLeaf(property.PropertyType) && Convert(section.Value, property.PropertyType) is not null:
                    values[section.Path] = section.Value;
                    break;
                case { } property when ElementOf(property.PropertyType) is { } element:
                    foreach (var child in section.GetChildren().Where(child => LeafFault(child, element) is null))
                    {
                        values[child.Path] = child.Value;
                    }

                    break;
            }
        }
    }

    private static PropertyInfo? PropertyOf(Type options, string name) =>
        PropertiesOf(options).FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The type of the values of a list, or of a section with free names; null for any other type.</summary>
    private static Type? ElementOf(Type type) =>
        IsList(type) ? typeof(string)
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) ? type.GenericTypeArguments[1]
        : null;

    private static string? LeafFault(IConfigurationSection section, Type type) =>
        KeyShapes.Fault(section, type) ?? (Convert(section.Value, type) is null ? $"{section.Path} is '{section.Value}'; expected {Kind(type)}" : null);

    // The framework returns null for an empty text in a file. The validator decides whether a text may be empty. A number without a
    // default is null in a file, and empty elsewhere.
    private static bool IsEmpty(IConfigurationSection section, Type type) =>
        !section.GetChildren().Any() && (type == typeof(string) ? section.Value is null : Nullable.GetUnderlyingType(type) is not null && string.IsNullOrEmpty(section.Value));

    private static object? Convert(string? value, Type type)
    {
        if (type.IsEnum)
        {
            // Only names: the framework would also accept numbers and lists of names.
            return Enum.GetNames(type).FirstOrDefault(name => string.Equals(name, value, StringComparison.OrdinalIgnoreCase));
        }

        try
        {
            return value is null ? null : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException)
        {
            return null;
        }
    }

    private static string Kind(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => $"one of {string.Join(", ", EnumNames.Of(type))}",
        TypeCode.Boolean => "true or false",
        TypeCode.Double => "a number",
        TypeCode.String => "a text",
        _ => "a whole number",
    };
}
